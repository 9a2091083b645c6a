import { runWorker } from '../../worker/main.js';

/** A worker as it is in production, but that its workflow code was bundled before. It ends with the process that started it. */
const abandoned = () => process.exit(1);
process.once('disconnect', abandoned);
await runWorker({ bundle: process.env['TEST_BUNDLE'], onReady: () => process.send?.('ready') });
// From here on it must end by itself.
process.removeListener('disconnect', abandoned);
process.disconnect();
