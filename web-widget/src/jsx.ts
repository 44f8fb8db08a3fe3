// What JSX becomes; cmd/webbuild gives these two to every file.
export { Fragment, h } from "preact";
