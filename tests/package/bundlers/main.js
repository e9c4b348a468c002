// A page that imports the package as an app does.

import init, { OssicleClient } from "ossicle";
import { offer } from "./page.js";

offer(init, OssicleClient);
