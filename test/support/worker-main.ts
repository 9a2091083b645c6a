import { runWorker } from '../../worker/main.js';

/** A worker as it is in production, but that it ends with the process that started it. */
const abandoned = () => process.exit(1);
process.once('disconnect', abandoned);
await runWorker({ onReady: () => process.send?.('ready') });
// From here on it must end by itself.
process.removeListener('disconnect', abandoned);
process.disconnect();
