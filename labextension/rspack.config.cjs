/* Merged into the configuration of @jupyter/builder. */

// By default, modules are numbered by a hash that knows the folder of the build; the same sources are to give the same
// files everywhere, so that a test can tell whether what is kept is what they give.
module.exports = { optimization: { moduleIds: 'named', chunkIds: 'named' } };
