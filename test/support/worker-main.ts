import { runWorker } from '../../worker/main.js';

/** A worker as it is in production, but that its workflow code was bundled before. It ends with the process that started it. */
process.once('disconnect', () => process.exit(1));
await runWorker({ bundle: process.env['TEST_BUNDLE'], onReady: () => process.send?.('ready') });
process.exit(0);
