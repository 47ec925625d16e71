import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
    globalIgnores(['lib', 'node_modules']),
    js.configs.recommended,
    tseslint.configs.strict,
    {
        rules: {
            complexity: ['error', 8],
            'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
            // What a saved file or a kernel says is data: it is never parsed as HTML.
            'no-restricted-properties': [
                'error',
                { property: 'innerHTML' },
                { property: 'outerHTML' },
                { property: 'insertAdjacentHTML' },
                { object: 'document', property: 'write' }
            ]
        }
    },
    { files: ['src/__tests__/**'], rules: { 'max-lines-per-function': 'off' } }
);
