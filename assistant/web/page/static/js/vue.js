// This is the only place that names the vendored file.
export * from "../vendor/vue.runtime.esm-browser.prod.js";
