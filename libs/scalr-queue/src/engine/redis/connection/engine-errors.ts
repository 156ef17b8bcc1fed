import { EventEmitter } from 'node:events';
import { hideArguments } from './hidden-arguments.js';

/** On a connection of ours: who hears the errors of what the engine puts on it. */
const LISTENER = Symbol.for('scalr-queue.engine-error-listener');

type Heard = (error: Error) => void;
type Emit = (this: Emitter, event: string | symbol, ...args: unknown[]) => boolean;
interface Emitter extends EventEmitter {
  readonly opts?: { readonly connection?: { readonly [LISTENER]?: Heard } };
}
interface Prototype {
  emit: Emit;
}

const patched = new WeakSet<object>();

/** From now on `listener` hears what goes wrong with any object of the engine that lives on this connection. */
export function onEngineErrors(connection: object, listener: Heard): void {
  Object.defineProperty(connection, LISTENER, { value: listener, configurable: true });
}

/**
 * Upstream: BullMQ prints an error that nobody listens to, with the arguments of the command that failed: the password in HELLO, the
 * payload in EVALSHA. An application makes such objects by itself (`BullModule.registerQueue`, `new QueueEvents`), so this is
 * settled in their base class, and for those on a connection of ours only.
 *
 * @param engineClass any class of the engine; an application may hold two builds of it, the ESM one and the CommonJS one
 */
export function routeErrorsOf(engineClass: { readonly prototype: object }): void {
  const base = baseOf(engineClass.prototype);
  if (!base || patched.has(base)) return;
  patched.add(base);
  const { emit } = base;
  base.emit = function (event, ...args) {
    const heard = event === 'error' ? this.opts?.connection?.[LISTENER] : undefined;
    if (!heard) return emit.call(this, event, ...args);
    const [error] = args;
    hideArguments(error);
    if (this.listenerCount('error') > 0) return emit.call(this, event, ...args);
    heard(error instanceof Error ? error : new Error(String(error)));
    return true;
  };
}

/** The highest class that has an `emit` of its own: the one above it is node's. */
function baseOf(prototype: object): Prototype | undefined {
  let base: Prototype | undefined;
  for (let at = prototype; at !== EventEmitter.prototype && at !== Object.prototype; at = parentOf(at)) {
    if (Object.hasOwn(at, 'emit')) base = at as Prototype;
  }
  return base;
}

const parentOf = (prototype: object): object => Object.getPrototypeOf(prototype) as object;
