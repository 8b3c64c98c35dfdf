// The chosen theme, applied before the first paint. A classic script so that it blocks rendering;
// everything else is a module.
(() => {
  const root = document.documentElement;
  const read = () => {
    try { return localStorage.getItem('holdshort.theme'); } catch { return null; }
  };
  const apply = (/** @type {string|null} */ theme) => {
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  apply(read());
  addEventListener('storage', (event) => {
    if (event.key === 'holdshort.theme') apply(event.newValue);
  });
})();
