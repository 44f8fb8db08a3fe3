import type { Fragment as fragment, h as create } from "preact";
import type { useLayoutEffect as layoutEffect, useRef as ref, useState as state } from "preact/hooks";
import type { Icon as icon } from "./icons";

// What later.js borrows of chat.js, so that it holds none of it a second time. cmd/webbuild gives h and Fragment to
// its files as what JSX becomes.
export interface Kit {
  h: typeof create;
  Fragment: typeof fragment;
  useLayoutEffect: typeof layoutEffect;
  useRef: typeof ref;
  useState: typeof state;
  Icon: typeof icon;
}

export let h: Kit["h"];
export let Fragment: Kit["Fragment"];
export let useLayoutEffect: Kit["useLayoutEffect"];
export let useRef: Kit["useRef"];
export let useState: Kit["useState"];
export let Icon: Kit["Icon"];

export function borrow(kit: Kit): void {
  ({ h, Fragment, useLayoutEffect, useRef, useState, Icon } = kit);
}
