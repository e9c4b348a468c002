// The same with all of the package in one module, for tools that copy no files.

import init, { OssicleClient } from "ossicle/inline";
import { offer } from "./page.js";

offer(init, OssicleClient);
