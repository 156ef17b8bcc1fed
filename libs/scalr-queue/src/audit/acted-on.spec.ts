import { defineJob } from '../contract/job-definition.js';
import { actedOn } from './acted-on.js';

const Send = defineJob('mail.send');

describe('actedOn', () => {
  it.each([
    ['d1', { id: 'd1' }],
    [
      { id: 'd1', name: 'mail.send' },
      { id: 'd1', name: 'mail.send' },
    ],
    [{}, { all: true }],
    [{ queue: undefined }, { all: true }],
    [
      { definition: Send, before: new Date(0), reason: 'attempts' },
      { definition: 'mail.send', before: '1970-01-01T00:00:00.000Z', reason: 'attempts' },
    ],
  ])('names what was meant: %j', (which, expected) => {
    expect(actedOn(which)).toEqual(expected);
  });

  it('keeps no value of a payload, and no secret of a text', () => {
    const kept = actedOn({
      payload: { 'customer.iban': 'DE02-1203', tenant: 'acme' },
      error: 'token=s3cretvalue',
    });
    expect(kept).toEqual({ payload: 'customer.iban, tenant', error: 'token=[redacted]' });
  });

  it('cuts a long text', () => {
    expect(String(actedOn({ error: 'x y '.repeat(250) })['error'])).toHaveLength(200);
  });
});
