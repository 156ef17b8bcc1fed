import { shareClasses } from './shared-class.js';

/** The same class as two copies of the package have it. */
function copies() {
  const name = `Fault${Math.random()}`;
  class Ours extends Error {}
  class Theirs extends Error {}
  shareClasses({ [name]: Ours });
  shareClasses({ [name]: Theirs });
  return { Ours, Theirs };
}

describe('a shared class', () => {
  it('takes instances of its other copy for its own, in both directions', () => {
    const { Ours, Theirs } = copies();
    expect(new Theirs()).toBeInstanceOf(Ours);
    expect(new Ours()).toBeInstanceOf(Theirs);
  });

  it('takes nothing else', () => {
    const { Ours } = copies();
    expect(new Error('other')).not.toBeInstanceOf(Ours);
    for (const value of [null, undefined, 'text', 1, () => undefined]) {
      expect((value as unknown) instanceof Ours).toBe(false);
    }
  });

  it('leaves a class that an app derives from it as narrow as any other', () => {
    const { Ours, Theirs } = copies();
    class Own extends Ours {}
    expect(new Own()).toBeInstanceOf(Own);
    expect(new Own()).toBeInstanceOf(Theirs);
    expect(new Ours()).not.toBeInstanceOf(Own);
    expect(new Theirs()).not.toBeInstanceOf(Own);
  });
});
