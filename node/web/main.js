// Begins: the token, the language, the frame.
import { html, render } from "./vendor/htm/standalone.module.js";
import { takeToken } from "./base/token.js";
import { startTexts } from "./base/text.js";
import { startLive } from "./base/live.js";
import { Frame } from "./parts/frame.js";
import { Locked } from "./parts/locked.js";

const token = takeToken();
await startTexts();
if (token) startLive();
render(html`<${token ? Frame : Locked} />`, document.getElementById("page"));
