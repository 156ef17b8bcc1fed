import { defineJob } from '../contract/job-definition.js';
import { ProcessJob } from './process-job.decorator.js';

const Greet = defineJob('greet');
class Greeter {}

describe('@ProcessJob is refused where it cannot work', () => {
  const apply = (target: object, name: unknown, descriptor?: unknown) => () =>
    (ProcessJob(Greet) as (...args: unknown[]) => void)(target, name, descriptor);
  it.each<[string, () => void, RegExp]>([
    ['a static method', apply(Greeter, 'create', { value: () => '' }), /Greeter\.create is static: remove/],
    ['an accessor', apply(Greeter.prototype, 'it', { get: () => '' }), /Greeter\.it is an accessor/],
    ['an arrow property', apply(Greeter.prototype, 'it'), /Greeter\.it is a property: write it as async it/],
    ['a standard decorator', apply(() => '', { kind: 'method' }), /"experimentalDecorators": true/],
    ['a class', apply(Greeter, undefined), /Greeter is a class/],
  ])('%s', (_what, decorate, message) => {
    expect(decorate).toThrow(message);
  });
});
