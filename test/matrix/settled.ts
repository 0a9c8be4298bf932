// When nothing moves any more: a clock whose ticks are round trips through the same gateway and the same event loop.
import type { Endpoint } from "../support/raw-http.ts";

const tripsPerLook = 8;
const looks = 3;

/** Resolves when the gateway answers (with `status`), and what `progress` says has been the same for a while in which other calls came and went. */
export async function settled({ host, port }: Endpoint, progress: () => number, status = 200): Promise<void> {
  let last = Number.NaN;
  for (let same = 0; same < looks;) {
    for (let i = 0; i < tripsPerLook; i++) {
      const answer = await fetch(`http://${host}:${port}/v1/single`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      });
      await answer.arrayBuffer();
      if (answer.status !== status) throw new Error(`the gateway answers ${answer.status}`);
    }
    const now = progress();
    same = now === last ? same + 1 : 0;
    last = now;
  }
}
