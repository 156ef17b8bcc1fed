/**
 * So many calls at once, as a careless loop makes them. Nothing is kept of a call but how it ended: the memory that is
 * measured is that of the library. The loop itself keeps the process busy; `longest` counts from its end.
 */
export async function burst(count, call) {
  const rss = () => process.memoryUsage.rss();
  const before = rss();
  let peak = before;
  const look = () => (peak = Math.max(peak, rss()));
  const watch = setInterval(look, 20);
  const outcomes = {};
  const calls = [];
  const begin = performance.now();
  const tell = (code) => {
    outcomes[code] = (outcomes[code] ?? 0) + 1;
  };
  for (let made = 0; made < count; made++)
    calls.push(
      call().then(
        () => tell('OK'),
        ({ code, name }) => tell(code ?? name),
      ),
    );
  const loopEnd = performance.now();
  look();
  await Promise.all(calls);
  look();
  clearInterval(watch);
  const ms = (from, to) => Math.round(to - from);
  return {
    outcomes,
    longest: ms(loopEnd, performance.now()),
    loop: ms(begin, loopEnd),
    growth: peak - before,
  };
}
