// Runs before anything is drawn, so that nobody sees the other theme flash by; src/ui/theme.ts takes over later.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("pingvas.theme");
  } catch {
    // Storage may be forbidden.
  }
  var light =
    chosen === "light" || (chosen === "system" && window.matchMedia("(prefers-color-scheme: light)").matches);
  var theme = light ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  document.querySelector('meta[name="color-scheme"]').setAttribute("content", theme);
  document.querySelector('meta[name="theme-color"]').setAttribute("content", light ? "#f8f9fb" : "#0a1018");
})();
