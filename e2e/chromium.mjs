// The browser of the tests here and of the widget: Chromium's headless shell, which install.sh installs, or what CHROMIUM
// names. It asks nobody outside, and plays what is pressed and what is not.
import { chromium } from "playwright-core";

export const browse = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium-headless-shell",
    args: ["--no-sandbox", "--disable-gpu", "--process-per-site", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"],
  });
