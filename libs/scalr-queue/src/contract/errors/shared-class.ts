type AnyClass = abstract new (...args: never[]) => object;

/**
 * Makes `instanceof` answer for the classes of every copy of this package that is loaded: a tree can hold two versions of it, and
 * a process both its builds. A class that an application derives from one of them is no more than itself.
 *
 * @param classes by the name that they share
 */
export function shareClasses(classes: Readonly<Record<string, AnyClass>>): void {
  for (const [name, type] of Object.entries(classes)) {
    const brand = Symbol.for(`scalr-queue.class.${name}`);
    Object.defineProperty(type.prototype, brand, { value: true });
    Object.defineProperty(type, Symbol.hasInstance, {
      value(this: AnyClass, value: unknown): boolean {
        if (this !== type) return Function.prototype[Symbol.hasInstance].call(this, value);
        return typeof value === 'object' && value !== null && brand in value;
      },
    });
  }
}
