// A check that runs in a thread of its own.
import { useCallback, useEffect, useRef, useState } from "../base/ui.js";

const IDLE = { running: false, progress: null, result: null, problem: null, stopped: false };

// `start` with the task; what runs already ends. The state is that of the newest task.
export function useWorker() {
  const [state, setState] = useState(IDLE);
  const worker = useRef(null);
  const end = useCallback(() => {
    worker.current?.terminate();
    worker.current = null;
  }, []);
  useEffect(() => end, []);
  const start = useCallback((task) => {
    end();
    const fresh = new Worker("verify/worker.js", { type: "module" });
    worker.current = fresh;
    setState({ ...IDLE, running: true });
    const finish = (how) => {
      if (worker.current !== fresh) return;
      end();
      setState({ ...IDLE, ...how });
    };
    fresh.onmessage = ({ data }) => {
      if (!data.progress) finish(data);
      else if (worker.current === fresh) setState({ ...IDLE, running: true, progress: data.progress });
    };
    fresh.onerror = (event) => finish({ problem: event.message || "the worker did not start" });
    fresh.postMessage(task);
  }, []);
  const stop = useCallback(() => {
    end();
    setState({ ...IDLE, stopped: true });
  }, []);
  return { ...state, start, stop };
}
