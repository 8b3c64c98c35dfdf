// The chosen theme, applied before the first paint. A classic script so that it blocks rendering;
// everything else is a module. "Auto" follows the system.
(() => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    let theme = null;
    try { theme = localStorage.getItem('holdshort.theme'); } catch { /* follow the system */ }
    if (theme !== 'light' && theme !== 'dark') theme = dark.matches ? 'dark' : 'light';
    document.documentElement.dataset.theme = theme;
  };
  apply();
  dark.addEventListener('change', apply);
  for (const event of ['storage', 'holdshort-theme']) addEventListener(event, apply);
})();
