/** Preloaded into a worker that a command started: it ends when the command does, however that ended. */
const LAST_RESORT = 60_000;

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(1), LAST_RESORT).unref();
});
// Listening would keep the process alive.
process.channel?.unref();
