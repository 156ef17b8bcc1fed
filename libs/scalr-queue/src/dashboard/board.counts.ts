/** Where the page finds {@link COUNTS_SCRIPT}, below the path of the dashboard. */
export const COUNTS_PATH = '/static/scalr-queue/counts.js';

/**
 * Runs in the page before bull-board: buttons for all jobs of a state ("Retry all", "Clean all") show how many jobs these are. It
 * reads the counts from the answers that the page gets anyway, and writes attributes only, which the page itself never touches.
 */
export const COUNTS_SCRIPT = `(() => {
  const counts = new Map();
  const show = () => {
    const [, name] = /\\/queue\\/([^/]+)\\/?$/.exec(location.pathname) ?? [];
    const state = new URLSearchParams(location.search).get('status');
    const count = name && counts.get(decodeURIComponent(name))?.[state];
    for (const button of document.querySelectorAll('[class*="queueActions-"] button')) {
      const text = count === undefined ? '' : ' (' + count.toLocaleString() + ')';
      if ((button.dataset.jobs ?? '') !== text) button.dataset.jobs = text;
    }
  };
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (...args) {
    this.addEventListener('load', () => {
      if (!/\\/api\\/queues(?:\\?|$)/.test(this.responseURL)) return;
      try {
        const { queues } = typeof this.response === 'string' ? JSON.parse(this.response) : this.response;
        for (const queue of queues) counts.set(queue.name, queue.counts);
        show();
      } catch {}
    });
    return send.apply(this, args);
  };
  const style = document.createElement('style');
  style.textContent = '[class*="queueActions-"] button[data-jobs]::after { content: attr(data-jobs); white-space: pre; }';
  document.head.append(style);
  new MutationObserver(show).observe(document.getElementById('root'), { childList: true, subtree: true });
})();
`;
