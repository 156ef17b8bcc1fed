import { connect, createServer } from 'node:net';

/** Passes every connection on, as a router does that knows nothing of what goes through it. */
const [port, host, target] = process.argv.slice(2);

createServer((near) => {
  const far = connect(Number(target), host);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ])
    one
      .setNoDelay(true)
      .on('error', () => other.destroy())
      .on('close', () => other.destroy())
      .pipe(other);
}).listen(Number(port), '0.0.0.0', () => console.log('forwarding'));
