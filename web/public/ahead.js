// Asks for what will be shown while the page's own script is still on its way. It guesses as the page does (src/app/preload.ts,
// src/i18n/language.ts); where it guesses wrong, the page asks for the right files itself.
(function () {
  var named = document.querySelector('meta[name="parts"]');
  // The development server has no such list.
  if (!named || !named.content.startsWith("{")) return;
  var base = document.querySelector('meta[name="base-path"]').content;
  var path = window.location.pathname.slice(base.length) || "/";
  if (path === "/sign-in/link") return;
  var signedIn = false;
  var languages = navigator.languages;
  try {
    signedIn = localStorage.getItem("pingvas.signed_in") === "1";
    languages = [localStorage.getItem("pingvas.language")].concat(languages);
  } catch {
    // Storage may be forbidden.
  }
  var language = languages
    .map(function (tag) {
      return String(tag).slice(0, 2);
    })
    .find(function (tag) {
      return tag === "en" || tag === "ko";
    });
  var known = JSON.parse(named.content);
  var parts = known.parts[language || "en"];
  var files = signedIn ? parts.in.concat(parts[path === "/" ? "/create" : path] || []) : parts.out;
  new Set(files).forEach(function (place) {
    var file = known.names[place];
    var link = document.createElement("link");
    var style = /\.css$/.test(file);
    link.rel = style ? "preload" : "modulepreload";
    if (style) link.as = "style";
    // As the page asks for them later, else they would be fetched twice.
    link.crossOrigin = "anonymous";
    link.fetchPriority = style ? "auto" : "low";
    link.href = base + "/" + file;
    document.head.appendChild(link);
  });
})();
