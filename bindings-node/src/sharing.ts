// Breakers that the threads of a process share: who is told of a transition that another thread made. Each thread reads
// the transitions from the breaker itself, in their order, and so each once; between threads goes only word that there is
// something to read.

import { core, shared } from "./core.js";
import type { CircuitBreakerEvents } from "./listeners.js";
import { Listeners } from "./listeners.js";
import type { Transition } from "./transition.js";
import { readTransitions } from "./transition.js";

/** As much of a channel as is used; what does not concern Node is left out there. */
interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  unref?(): void;
}

const known = new Map<number, WeakRef<SharedListeners>>();
/** Those with listeners, who are to be told though this thread has no other use for the breaker. */
const kept = new Set<SharedListeners>();
let channel: Channel | undefined;

/** Opened with the thread's first shared breaker. It keeps nothing alive. */
function open(): Channel | undefined {
  if (channel === undefined && typeof BroadcastChannel === "function") {
    channel = new BroadcastChannel("k1s0-circuit-breaker") as Channel;
    channel.onmessage = ({ data }) => {
      if (typeof data === "number") {
        known.get(data)?.deref()?.catchUp();
      }
    };
    channel.unref?.();
  }
  return channel;
}

/** This thread's listeners of one shared breaker, whichever of its handles they were added to. @internal */
export class SharedListeners extends Listeners {
  /** The epoch that the last transition began that was told. */
  #told: number;
  #handles = 0;

  private constructor(
    readonly address: number,
    readonly name: string,
  ) {
    super();
    this.#told = this.#read().at(-1)?.epoch ?? 1;
  }

  /** For one more handle. */
  static of(address: number, name: string): SharedListeners {
    open();
    let found = known.get(address)?.deref();
    if (found === undefined) {
      found = new SharedListeners(address, name);
      known.set(address, new WeakRef(found));
    }
    found.#handles += 1;
    return found;
  }

  override leave(): void {
    this.#handles -= 1;
    if (this.#handles === 0) {
      known.delete(this.address);
      this.#letGo();
    }
  }

  override add<Event extends keyof CircuitBreakerEvents>(
    event: Event,
    listener: (event: CircuitBreakerEvents[Event]) => void,
  ): () => void {
    const remove = super.add(event, listener);
    if (!kept.has(this)) {
      kept.add(this);
      core.config_begin();
      shared?.(this.name, 1);
    }
    return remove;
  }

  override remove<Event extends keyof CircuitBreakerEvents>(
    event: Event,
    listener: (event: CircuitBreakerEvents[Event]) => void,
  ): void {
    super.remove(event, listener);
    if (this.isEmpty) {
      this.#letGo();
    }
  }

  #letGo(): void {
    if (kept.delete(this)) {
      core.free(this.address);
    }
  }

  override made(): void {
    this.catchUp();
    open()?.postMessage(this.address);
  }

  /** Tells what has not been told, other threads' transitions among it. */
  catchUp(): void {
    const news = this.#read().filter(({ epoch }) => epoch > this.#told);
    this.#told = news.at(-1)?.epoch ?? this.#told;
    this.tell(news);
  }

  #read(): Transition[] {
    const count = core.history(this.address);
    return readTransitions(core.answer(), count, this.name);
  }
}
