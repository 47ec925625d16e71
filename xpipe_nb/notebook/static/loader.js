// What is saved with a widget: these lines only. The view itself is asked of the kernel, once for each version of it.
const pages = (globalThis.__xpipeNbViews ??= {});

const load = (model) =>
  new Promise((resolve) => {
    const take = async (content) => {
      if (typeof content?.code !== 'string') return;
      model.off('msg:custom', take);
      const style = document.createElement('style');
      style.textContent = content.css;
      document.head.append(style);
      const url = URL.createObjectURL(new Blob([content.code], { type: 'text/javascript' }));
      const { default: view } = await import(/* webpackIgnore: true */ url);
      URL.revokeObjectURL(url);
      resolve(view);
    };
    model.on('msg:custom', take);
    model.send({ do: 'code' });
  });

export default {
  async render({ model, el }) {
    const version = model.get('version');
    const view = (pages[version] ??= await load(model));
    return view.render({ model, el });
  },
};
