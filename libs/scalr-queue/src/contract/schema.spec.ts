import * as v from 'valibot';
import { z } from 'zod';
import { PayloadInvalidError } from './errors/payload.errors.js';
import { applySchema } from './schema.js';

const CARD = '4111 1111 1111 1112';
const SUBJECT = 'payload of pay';

async function issuesOf(schema: Parameters<typeof applySchema>[1], value: unknown) {
  const error = await Promise.resolve()
    .then(() => applySchema(SUBJECT, schema, value))
    .then(
      () => new Error('it was accepted'),
      (thrown: unknown) => thrown,
    );
  if (!(error instanceof PayloadInvalidError)) throw error;
  expect(JSON.stringify([error.message, error.issues])).not.toContain('4111');
  return { message: error.message, issues: error.issues };
}

describe('a value that its schema refuses', () => {
  it('is refused with the path and text of each complaint', async () => {
    const schema = z.object({ items: z.array(z.object({ sku: z.string() })), card: z.string().min(99) });
    expect(await issuesOf(schema, { items: [{ sku: 'a' }, { sku: 4111 }], card: CARD })).toEqual({
      message:
        'payload of pay does not match its schema: $.items[1].sku: Invalid input: expected string, received number; $.card: Too small: expected string to have >=99 characters',
      issues: [
        { path: '$.items[1].sku', message: 'Invalid input: expected string, received number' },
        { path: '$.card', message: 'Too small: expected string to have >=99 characters' },
      ],
    });
  });

  it.each([
    ['a text', v.object({ card: v.pipe(v.string(), v.creditCard()) }), { card: CARD }],
    ['a number', v.object({ card: v.string() }), { card: 4111111111111112 }],
    ['a transformed text', v.object({ card: v.pipe(v.string(), v.trim(), v.creditCard()) }), { card: ` ${CARD} ` }],
    ['a text with quotes', v.object({ card: v.number() }), { card: `"${CARD}"` }],
    ['a short one', v.object({ card: v.literal('a') }), { card: '4111'.slice(0, 3) }],
    ['an own message', z.object({ card: z.string() }).refine(() => false, { error: ({ input }) => `wrong: ${JSON.stringify(input)}` }), { card: CARD }],
  ])('is not shown, also when the schema library quotes it: %s', async (_name, schema, value) => {
    const { issues } = await issuesOf(schema, value);
    expect(issues[0]?.message).toContain('(hidden)');
    expect(JSON.stringify(issues)).not.toContain('"411\\"');
  }); // prettier-ignore

  it('shows five complaints and counts the others', async () => {
    const { message, issues } = await issuesOf(z.array(z.string()), [1, 2, 3, 4, 5, 6, 7]);
    expect(issues).toHaveLength(7);
    expect(message).toMatch(/\$\[4\].*, and 2 more$/);
  });

  it('is refused by an asynchronous schema too', async () => {
    const schema = z.object({ a: z.string().refine(() => Promise.resolve(false), 'taken') });
    expect((await issuesOf(schema, { a: CARD })).issues).toEqual([{ path: '$.a', message: 'taken' }]);
  });
});

describe('a value that its schema accepts', () => {
  it('becomes the output of the schema', async () => {
    expect(applySchema(SUBJECT, z.object({ n: z.coerce.number() }), { n: '5' })).toEqual({ n: 5 });
    expect(applySchema(SUBJECT, undefined, CARD)).toBe(CARD);
    await expect(
      applySchema(
        SUBJECT,
        z.string().transform(async (text) => text.length),
        'abc',
      ),
    ).resolves.toBe(3);
  });
});
