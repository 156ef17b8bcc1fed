/**
 * Runs work of a thread within the trace that the main thread is in. Spans come of it where OpenTelemetry is set up in the
 * thread too.
 * @param carrier of the main thread, whose tracing is on; undefined when it is off
 */
export async function inTrace<T>(carrier: string | undefined, work: () => Promise<T>): Promise<T> {
  if (carrier === undefined) return work();
  const { context, propagation, ROOT_CONTEXT } = await import('@opentelemetry/api');
  return context.with(propagation.extract(ROOT_CONTEXT, JSON.parse(carrier) as object), work);
}
