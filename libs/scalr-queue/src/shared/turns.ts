/** A place in a line. */
export interface Turn {
  /** Resolves when all that came before have left; undefined when nobody is there. */
  readonly comes: Promise<unknown> | undefined;
  leave(): void;
}

/** The lines of a process, one for each of several things: in the order in which they came. */
export class Turns {
  private readonly tails = new Map<string, Promise<unknown>>();

  /** Whoever enters has to leave, also when its turn never came. */
  enter(thing: string): Turn {
    const comes = this.tails.get(thing);
    let leave: () => void = () => undefined;
    const left = new Promise<void>((resolve) => (leave = resolve));
    const tail = comes ? comes.then(() => left) : left;
    this.tails.set(thing, tail);
    void tail.then(() => {
      if (this.tails.get(thing) === tail) this.tails.delete(thing);
    });
    return { comes, leave };
  }
}
