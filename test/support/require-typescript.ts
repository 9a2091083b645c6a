import { register } from 'tsx/cjs/api';

// The SDK loads the payload converter by require(). Not by the option of Node that does the same: each thread would inherit it, and every worker starts two.
register();
