import type { RowResult } from '../harness/results.js';
import { collect } from './collect.mjs';

const result = (id: number, more: Partial<RowResult> = {}): RowResult => ({
  id,
  name: `row ${id}`,
  requirement: 'it holds',
  seed: 1,
  tookMs: 1,
  at: '2026-01-01T00:00:00.000Z',
  commit: 'a'.repeat(40),
  dirty: false,
  versions: {},
  machine: '2 cores',
  status: 'pass',
  ...more,
});

describe('the report of the faults', () => {
  it('takes the newest result of each row, and says which failed before it passed', () => {
    const { rows } = collect([result(1, { status: 'fail' }), result(2), result(1)], undefined);
    expect(rows).toMatchObject([
      { id: 1, status: 'pass', note: 'failed 1 times before at this commit' },
      { id: 2, status: 'pass', note: '' },
    ]);
  });

  it.each([
    ['another commit', { commit: 'b'.repeat(40) }],
    ['the same commit with changes', { dirty: true }],
    ['another machine', { machine: '4 cores' }],
    ['no commit, as results had none before', { commit: '' }],
  ])('refuses results of %s', (_what, more) => {
    expect(() => collect([result(1), result(2, more)], undefined)).toThrow(/rows 1\n.*rows 2$/);
    expect(() => collect([result(1)], { ...result(0, more) })).toThrow(/rows 68$/);
  });

  it('replaces older results of another commit', () => {
    const { rows, measured } = collect([result(1, { commit: 'b'.repeat(40) }), result(1)], undefined);
    expect(rows).toHaveLength(1);
    expect(measured.commit).toBe('a'.repeat(40));
  });
});
