import { ActTokens } from './act.tokens.js';

const ACT = { act: 'retry', app: 'shop', user: 'ada', filter: { queue: 'mail' }, before: 5, matched: 7 };

function tokens() {
  let now = 1_000;
  const made = new ActTokens(() => now);
  return { made, pass: (time: number) => void (now += time) };
}

it('gives back what was signed, once', () => {
  const { made } = tokens();
  const token = made.sign(ACT);
  expect(made.use(token, 'ada')).toEqual(ACT);
  expect(() => made.use(token, 'ada')).toThrow('it was used before');
  expect(made.use(made.sign({ ...ACT, before: 6 }), 'ada').before).toBe(6);
});

it('is for two minutes, and for the one who looked', () => {
  const { made, pass } = tokens();
  const token = made.sign(ACT);
  expect(() => made.use(token, 'eve')).toThrow('it is of another account');
  pass(120_001);
  expect(() => made.use(token, 'ada')).toThrow('it is older than two minutes');
  const other = made.sign(ACT);
  pass(120_000);
  expect(made.use(other, 'ada')).toEqual(ACT);
});

it('refuses what was changed, or made elsewhere', () => {
  const { made } = tokens();
  const [text, signature] = made.sign(ACT).split('.') as [string, string];
  const changed = Buffer.from(text, 'base64url').toString().replace('mail', 'pdf');
  const others = [
    `${Buffer.from(changed).toString('base64url')}.${signature}`,
    `${text}.${signature.slice(0, -4)}`,
    text,
    '',
    undefined,
    7,
    new ActTokens(() => 1_000).sign(ACT),
  ];
  for (const token of others) expect(() => made.use(token, 'ada')).toThrow('it was not made here');
});
