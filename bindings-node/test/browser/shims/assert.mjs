// The same assertions from npm. The slash says that it is not Node's own.

import assert from "assert/";

export default assert.strict;
