// A thread of its own for the checks, so that the page stays alive meanwhile.

import { TASKS } from "./tasks.js";

addEventListener("message", async ({ data }) => {
  try {
    const result = await TASKS[data.task](data, (progress) => postMessage({ progress }));
    postMessage({ result });
  } catch (error) {
    postMessage({ problem: error.message });
  }
});
