// What the client makes of the place it runs in: a page, a worker made of a blob, a program that has none of it.
import { expect } from "chai";
import { toAddress } from "../../src/client/address.ts";
import { createEnvironment } from "../../src/client/environment.ts";

/** Gives globals a page has to programs that have none, for as long as `run` takes. */
function withGlobals(globals: Readonly<Record<string, unknown>>, run: () => void): void {
  const before = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(globals))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  try {
    run();
  } finally {
    for (const [name, descriptor] of before)
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
  }
}

describe("the place the browser client runs in", () => {
  it("is woken by the network, by being looked at and by being unfrozen, and hears of being left, until it unsubscribes", () => {
    const window = new EventTarget();
    const document = Object.assign(new EventTarget(), { visibilityState: "hidden" });
    let wakes = 0;
    let leaves = 0;
    withGlobals({ document, addEventListener: window.addEventListener.bind(window) }, () => {
      const unsubscribe = createEnvironment({}).onWake(
        () => (wakes += 1),
        () => (leaves += 1),
      );
      const fire = (): void => {
        window.dispatchEvent(new Event("online"));
        window.dispatchEvent(new Event("pagehide"));
        document.dispatchEvent(new Event("visibilitychange"));
        document.dispatchEvent(new Event("resume"));
      };
      fire();
      expect([wakes, leaves]).to.deep.equal([2, 1]);
      document.visibilityState = "visible";
      fire();
      expect(wakes).to.equal(5);
      unsubscribe();
      fire();
      expect([wakes, leaves]).to.deep.equal([5, 2]);
    });
  });

  it("needs no page", () => {
    const nothing = (): void => {};
    createEnvironment({}).onWake(nothing, nothing)();
    expect(createEnvironment({}).isOnline()).to.equal(true);
  });

  it("finds the gateway of the page's own origin, in a worker made of a blob as well", () => {
    const origin = "https://shop.example";
    for (const href of [`${origin}/cart/1?x#y`, `blob:${origin}/2f1c`])
      withGlobals({ location: { href, origin } }, () => {
        expect(toAddress("/")).to.deep.equal({ webSocket: "wss://shop.example/-/stream", http: origin });
        expect(toAddress("/api/").http).to.equal(`${origin}/api`);
      });
  });

  it("takes whole URLs of either kind, and no others", () => {
    for (const url of ["http://a.example:81/p", "ws://a.example:81/p/-/stream", "ws://a.example:81/p/"])
      expect(toAddress(url)).to.deep.equal({
        webSocket: "ws://a.example:81/p/-/stream",
        http: "http://a.example:81/p",
      });
    for (const url of ["/", "a.example", "ftp://a.example"]) expect(() => toAddress(url), url).to.throw(TypeError);
  });
});
