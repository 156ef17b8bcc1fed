export const INVOICE = '018f4e3a-5b7c-7d2e-9f10-1a2b3c4d5e6f';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** Milliseconds until all of it was there. */
  readonly took: number;
}

/** Any answer counts as one, also a 503; only silence for five seconds does not. */
export async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  const begin = performance.now();
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(5_000) });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, body, took: performance.now() - begin };
}

interface InvoiceRequest {
  id?: string;
  body?: unknown;
  /** Idempotency-Key. */
  key?: string;
}

/** Asks the template to send an invoice. */
export function sendInvoice(
  webUrl: string,
  { id = INVOICE, body = { email: 'ada@example.com' }, key }: InvoiceRequest = {},
): Promise<Answer> {
  return request(`${webUrl}/invoices/${id}/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key ? { 'idempotency-key': key } : {}) },
    body: JSON.stringify(body),
  });
}
