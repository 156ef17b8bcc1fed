import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { createTransport, type Transporter } from 'nodemailer';
import type { Environment } from '../config/environment.js';

export interface Mail {
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** The mail server will never take a mail for this recipient. */
export class RecipientRefusedError extends Error {
  override readonly name = 'RecipientRefusedError';
}

const FROM = 'Billing <billing@example.com>';
/** Milliseconds; shorter than the timeout of a job that sends mail, so that its error says what was slow. */
const PATIENCE = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 };

/** Sends mail through SMTP_URL. Without one it sends nothing and shows each mail in the log. */
@Injectable()
export class Mailer implements OnApplicationShutdown {
  private readonly logger = new Logger(Mailer.name);
  private readonly transport: Transporter;
  private readonly isDryRun: boolean;

  constructor(config: ConfigService<Environment, true>) {
    const url = config.get('SMTP_URL', { infer: true });
    this.isDryRun = url === undefined;
    this.transport = createTransport(url ? { url, ...PATIENCE } : { jsonTransport: true }, { from: FROM });
    if (this.isDryRun) this.logger.warn('SMTP_URL is not set: mail is not sent, it is shown here');
  }

  /** @throws RecipientRefusedError when trying again cannot help */
  async send(mail: Mail): Promise<void> {
    try {
      await this.transport.sendMail(mail);
    } catch (error) {
      throw isRefusal(error) ? new RecipientRefusedError('the mail server refuses the recipient') : error;
    }
    if (this.isDryRun) this.logger.log(`Mail to ${mail.to}: "${mail.subject}" ${mail.messageId}`);
  }

  onApplicationShutdown(): void {
    this.transport.close();
  }
}

/** SMTP says 5xx for good and 4xx for now. */
function isRefusal(error: unknown): boolean {
  const { code, responseCode } = error as { code?: string; responseCode?: number };
  return code === 'EENVELOPE' && responseCode !== undefined && responseCode >= 500;
}
