import { z } from 'zod';

/** What the application itself reads from the environment; the library reads the other `SCALR_*` variables. */
const environment = z.object({
  NODE_ENV: z.string().optional(),
  PORT: z.coerce.number('expected a number').int().min(0).max(65_535).default(3000),
  SCALR_APP: z.string().default('template'),
  SCALR_DASHBOARD_PASSWORD: z.string().optional(),
  SCALR_POSTGRES_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'expected a URL like postgres://user@host:5432/app' })
    .optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'expected a URL like smtp://host:587' }).optional(),
  WEBHOOK_SECRET: z.string().min(16, 'expected at least 16 characters').optional(),
});

export type Environment = z.infer<typeof environment>;

/**
 * Checks the variables; an empty one counts as not set.
 * @throws Error naming the variable; it never shows the value, which may hold a password
 */
export function checkEnvironment(variables: Record<string, unknown>): Environment {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const checked = environment.safeParse(given);
  if (checked.success) return { ...given, ...checked.data };
  const complaints = checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`wrong settings in the environment or .env: ${complaints.join('; ')}`);
}
