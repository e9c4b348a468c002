// Builds the site of the API of the package and its optional entries into docs/api, and fails on any warning: a public name without a
// comment is one.

import { fileURLToPath } from "node:url";
import { Application, LogLevel, Logger, TSConfigReader, TypeDocReader } from "typedoc";

/** What is inside a literal of a type is told by the comment of what it is the type of. */
const INSIDE = ".__type.";

const complaints = [];

class Strict extends Logger {
  log(message, level) {
    if (level >= LogLevel.Warn && !message.includes(INSIDE)) complaints.push(message);
  }
}

const options = fileURLToPath(new URL("typedoc.json", import.meta.url));
const app = await Application.bootstrapWithPlugins({ options }, [new TypeDocReader(), new TSConfigReader()]);
app.logger = new Strict();
const project = await app.convert();
if (project) {
  // A module is called what it is imported as.
  for (const module of project.children) module.name = module.name.replace("-", "/");
  app.validate(project);
  await app.generateOutputs(project);
}
for (const complaint of complaints) console.error(complaint);
console.log(`${complaints.length} warnings`);
process.exitCode = project && complaints.length === 0 ? 0 : 1;
