import { inspect } from 'node:util';
import { hideArguments } from './hidden-arguments.js';

const tainted = (more: object = {}) =>
  Object.assign(new Error('READONLY'), { command: { name: 'evalsha', args: ['hunter2'] } }, more);

describe('an error of the client of Redis', () => {
  it.each([
    ['itself', tainted()],
    ['what a transaction was discarded for', tainted({ previousErrors: [new Error('a'), tainted()] })],
    ['the error of a node', tainted({ lastNodeError: tainted() })],
    ['its cause', new Error('failed', { cause: tainted() })],
    ['the cause of its cause', new Error('failed', { cause: new Error('failed', { cause: tainted() }) })],
  ])('keeps the name of the command and loses its arguments: %s', (_where, error) => {
    expect(inspect(error, { depth: 10 })).toContain('hunter2');
    hideArguments(error);
    expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
    expect(inspect(error, { depth: 10 })).toContain('evalsha');
  });

  it('may be its own cause', () => {
    const error: Error = tainted();
    error.cause = error;
    hideArguments(error);
    expect(inspect(error)).not.toContain('hunter2');
  });

  it('may be anything', () => {
    for (const thrown of [undefined, null, 'text', 7, {}]) expect(() => hideArguments(thrown)).not.toThrow();
  });
});
