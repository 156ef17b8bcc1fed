/** Stands in a compile error for a type that JSON cannot hold; no value has it. */
export interface NotJson<Why extends string> {
  readonly 'JSON cannot hold this payload': Why;
}

type Primitive = string | number | boolean | null | undefined | void;
type AnyFunction = (...args: never[]) => unknown;
/** Deeper than this the types are not looked at; the payloads are, when they are enqueued. */
type Deepest = 6;

/** What is wrong with a payload type, with its path; never where every value of it survives JSON, as far as the type says. */
type Complaint<T, Path extends string, Depth extends 0[] = []> = Depth['length'] extends Deepest
  ? never
  : unknown extends T
    ? never
    : T extends Primitive
      ? never
      : T extends bigint | symbol
        ? NotJson<`${Path}: use a string`>
        : T extends AnyFunction
          ? NotJson<`${Path}: a function`>
          : T extends Date
            ? NotJson<`${Path}: a Date; use a string (ISO 8601) or milliseconds`>
            : T extends readonly (infer Item)[]
              ? Complaint<Item, `${Path}[]`, [...Depth, 0]>
              : HasMethod<T> extends true
                ? NotJson<`${Path}: an instance of a class; use plain data`>
                : {
                    [Key in keyof T]-?: Complaint<T[Key], `${Path}.${Key & string}`, [...Depth, 0]>;
                  }[keyof T];

/** Plain data has no method; an instance of a class that does anything has. */
type HasMethod<T> = true extends {
  [Key in keyof T]-?: unknown extends T[Key] ? never : NonNullable<T[Key]> extends AnyFunction ? true : never;
}[keyof T]
  ? true
  : false;

/** The arguments as they are where every value of the payload type survives JSON, else ones that nobody can give. */
export type WithJson<Payload, Options extends readonly unknown[]> = [Complaint<Payload, '$'>] extends [never]
  ? Options
  : [options: Complaint<Payload, '$'>];
