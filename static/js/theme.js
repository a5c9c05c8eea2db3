// Before the first paint: the chosen theme, and the mark that scripts run. A classic script, because modules wait.
{
  let theme = "";
  try {
    theme = localStorage.getItem("theme") ?? "";
  } catch {
    // Storage is forbidden: the system's preference stands.
  }
  if (theme) document.documentElement.dataset.theme = theme;
  document.documentElement.classList.add("js");
}
