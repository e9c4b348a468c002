import { Component, provideZonelessChangeDetection } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import init, { OssicleClient } from "ossicle";
import { offer } from "../../page.js";

@Component({ selector: "app-visit", template: "<p>ready</p>" })
class Visit {
  constructor() {
    offer(() => init({ baseUrl: "/ossicle/" }), OssicleClient);
  }
}

bootstrapApplication(Visit, { providers: [provideZonelessChangeDetection()] });
