import { PayloadNotSerializableError, PayloadTooLargeError } from './errors/payload.errors.js';
import { MAX_DEPTH } from './defaults.js';
import { clip } from './option-checker.js';

/**
 * The JSON text of a value that survives the way through JSON unchanged; everything else is refused with its
 * path, because JSON.stringify would silently drop or change it. Only a key whose value is undefined is left out, as an
 * optional field that is absent is most often passed on.
 *
 * @param subject named in errors, such as `payload of invoice.send`
 * @param limit largest size in UTF-8 bytes
 * @throws PayloadNotSerializableError, PayloadTooLargeError
 */
export function toStrictJson(subject: string, value: unknown, limit: number): string {
  const walker = new Walker(subject);
  let json: string;
  try {
    // The walk that knows its path, and can say what is wrong, only where something is.
    if (!isPlainlyStrict(value)) walker.visit(value, '$', 0);
    // Undefined for a proxy that answers otherwise the second time.
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) {
      walker.visit(value, '$', 0);
      throw new TypeError('it has no JSON text');
    }
    json = text;
  } catch (error) {
    if (error instanceof PayloadNotSerializableError) throw error;
    // A getter or a proxy of the caller threw.
    throw new PayloadNotSerializableError(subject, walker.path, 'reading it threw an error', {
      cause: error,
    });
  }
  const size = Buffer.byteLength(json);
  if (size > limit) throw new PayloadTooLargeError(subject, size, limit);
  return json;
}

function isPlainlyStrict(value: unknown): boolean {
  try {
    return isStrict(value, 0);
  } catch {
    return false;
  }
}

/** Whether a value is strict JSON for sure; where this says no, the walker finds out why. */
function isStrict(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'boolean' || value === null) return true;
  // A cycle is deeper than anything.
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    if (Object.getPrototypeOf(value) !== Array.prototype || Object.hasOwn(value, 'toJSON')) return false;
    return Object.keys(value).length === value.length && value.every((item) => isStrict(item, depth + 1));
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key !== 'string' || !key.isWellFormed() || key === '__proto__' || key === 'toJSON')
      return false;
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (!property?.enumerable || !('value' in property)) return false;
    if (property.value !== undefined && !isStrict(property.value, depth + 1)) return false;
  }
  return true;
}

class Walker {
  path = '$';
  private readonly ancestors = new Set<object>();

  constructor(private readonly subject: string) {}

  visit(value: unknown, path: string, depth: number): void {
    this.path = path;
    switch (typeof value) {
      case 'string':
        if (!value.isWellFormed()) this.refuse('a string with half of a surrogate pair');
        return;
      case 'number':
        if (!Number.isFinite(value)) this.refuse(`${value}, which JSON cannot hold`);
        return;
      case 'boolean':
        return;
      case 'object':
        if (value !== null) this.visitObject(value, path, depth);
        return;
      case 'undefined':
        this.refuse('undefined; leave it out or use null');
        break;
      default:
        this.refuse(`a ${typeof value}, which JSON cannot hold`);
    }
  }

  private visitObject(value: object, path: string, depth: number): void {
    if (depth >= MAX_DEPTH) this.refuse(`nested deeper than ${MAX_DEPTH} levels`);
    if (this.ancestors.has(value)) this.refuse('a cycle');
    this.ancestors.add(value);
    if (Array.isArray(value)) this.visitArray(value, path, depth);
    else this.visitRecord(value, path, depth);
    this.ancestors.delete(value);
  }

  private visitArray(value: unknown[], path: string, depth: number): void {
    if (!Array.isArray(Object.getPrototypeOf(value)))
      this.refuse(`${className(value)}; turn it into a plain array`);
    if (Object.keys(value).length !== value.length || Object.hasOwn(value, 'toJSON'))
      this.refuse('an array with holes or named properties');
    for (let index = 0; index < value.length; index++)
      this.visit(value[index], `${path}[${index}]`, depth + 1);
  }

  private visitRecord(value: object, path: string, depth: number): void {
    if (!isPlain(value)) this.refuse(`${className(value)}; turn it into plain data`);
    if (Object.getOwnPropertySymbols(value).length > 0) this.refuse('an object with symbol keys');
    for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      const at = `${path}${/^[A-Za-z_$][\w$]{0,63}$/.test(key) ? `.${key}` : `[${JSON.stringify(clip(key))}]`}`;
      this.path = at;
      if (!key.isWellFormed()) this.refuse('a key with half of a surrogate pair');
      if (key === '__proto__') this.refuse('a key that changes the prototype of the reader');
      if (!('value' in property)) this.refuse('a getter; turn it into plain data');
      if (!property.enumerable) this.refuse('a hidden property, which JSON leaves out');
      if (key === 'toJSON' && typeof property.value === 'function') this.refuse('an object with toJSON');
      if (property.value !== undefined) this.visit(property.value, at, depth + 1);
    }
  }

  private refuse(why: string): never {
    throw new PayloadNotSerializableError(this.subject, this.path, why);
  }
}

/** Also true for an object of another realm, such as what `fetch` gives to code that runs under Jest. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

function className(value: object): string {
  const constructor: unknown = value.constructor;
  const name = typeof constructor === 'function' ? constructor.name : '';
  return name ? `an instance of ${name}` : 'an instance of a class';
}
