import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { onEngineErrors, routeErrorsOf } from './engine-errors.js';

/** The engine's base class, as each of its builds has one, and a class of it. */
function build() {
  const printed: unknown[] = [];
  class Base extends EventEmitter {
    constructor(readonly opts: { connection?: object } = {}) {
      super();
    }

    override emit(event: string, ...args: unknown[]): boolean {
      if (event === 'error' && this.listenerCount('error') === 0) {
        printed.push(args[0]);
        return false;
      }
      return super.emit(event, ...args);
    }
  }
  class Queue extends Base {}
  class Special extends Queue {
    override emit(event: string, ...args: unknown[]): boolean {
      return super.emit(event, ...args);
    }
  }
  return { Base, Queue, Special, printed };
}

const tainted = () => Object.assign(new Error('READONLY'), { command: { name: 'hello', args: ['hunter2'] } });

function connection() {
  const heard: Error[] = [];
  const client = {};
  onEngineErrors(client, (error) => void heard.push(error));
  return { client, heard };
}

describe('an error of what the engine puts on a connection', () => {
  it('is heard by the connection where nobody else listens, without its arguments', () => {
    const { Queue, printed } = build();
    routeErrorsOf(Queue);
    const { client, heard } = connection();
    expect(new Queue({ connection: client }).emit('error', tainted())).toBe(true);
    new Queue({ connection: client }).emit('error', 'a text');
    expect(heard.map(({ message }) => message)).toEqual(['READONLY', 'a text']);
    expect(inspect(heard)).not.toContain('hunter2');
    expect(printed).toEqual([]);
  });

  it('goes to its listener where there is one, without its arguments', () => {
    const { Special } = build();
    routeErrorsOf(Special);
    const { client, heard } = connection();
    const queue = new Special({ connection: client });
    const own: unknown[] = [];
    queue.on('error', (error) => void own.push(error));
    queue.emit('error', tainted());
    expect(own).toHaveLength(1);
    expect(inspect(own)).not.toContain('hunter2');
    expect(heard).toEqual([]);
  });

  it('is that of the engine on any other connection, as are other events', () => {
    const { Queue, printed } = build();
    routeErrorsOf(Queue);
    const error = tainted();
    new Queue().emit('error', error);
    new Queue({ connection: {} }).emit('error', error);
    expect(printed).toEqual([error, error]);
    expect(inspect(error)).toContain('hunter2');
    const { client, heard } = connection();
    const queue = new Queue({ connection: client });
    const seen: unknown[] = [];
    queue.on('completed', (...args) => void seen.push(args));
    expect(queue.emit('completed', 1, 2)).toBe(true);
    expect(queue.emit('failed', 1)).toBe(false);
    expect(seen).toEqual([[1, 2]]);
    expect(heard).toEqual([]);
  });

  it('is heard once of each build, whichever of its classes is known', () => {
    const { Base, Queue, Special } = build();
    const emitOf = (type: { prototype: object }): unknown => Reflect.get(type.prototype, 'emit');
    const emit = emitOf(Base);
    for (const one of [Special, Queue, Base]) routeErrorsOf(one);
    const wrapped = emitOf(Base);
    expect(wrapped).not.toBe(emit);
    routeErrorsOf(Queue);
    expect(emitOf(Base)).toBe(wrapped);
    const other = build();
    routeErrorsOf(other.Queue);
    const { client, heard } = connection();
    new other.Special({ connection: client }).emit('error', new Error('once'));
    expect(heard).toHaveLength(1);
  });

  it('needs a class that emits', () => {
    expect(() => routeErrorsOf(class {})).not.toThrow();
    expect(() => routeErrorsOf(EventEmitter)).not.toThrow();
  });
});
