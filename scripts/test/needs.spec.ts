import { titled, unexcused } from './needs.mjs';

describe('a skipped test', () => {
  const probes = { mount: () => false, script: () => true };

  it('is excused by what the machine does not have, and by nothing else', async () => {
    const titles = [
      titled('33 a full disk', ['mount']),
      titled('asks first', ['script']),
      titled('needs two things', ['script', 'mount']),
      'says nothing of a need',
      titled('wants what nobody knows of', ['luck']),
    ];

    expect(await unexcused(titles, probes)).toEqual([
      'asks first (needs script)',
      'says nothing of a need',
      'wants what nobody knows of (needs luck)',
    ]);
  });

  it('has its need looked at once', async () => {
    const mount = vi.fn<() => boolean>(() => false);

    await unexcused(['one (needs mount)', 'two (needs mount)'], { mount });

    expect(mount).toHaveBeenCalledTimes(1);
  });
});
