// Sets light or dark colours as the reader's system has them, also when that changes. It is a classic script in the
// head, so that it runs before the first paint.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  follow();
  dark.addEventListener("change", follow);
})();
