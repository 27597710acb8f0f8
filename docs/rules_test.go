package docs_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/plan"
)

var update = flag.Bool("update", false, "write the generated page instead of comparing it")

const rulesPage = "reference/planner-rules.md"

const rulesHead = `# Rules of the planner

The page is made from the planner itself: ` + "`go test ./docs -run PlannerRules -update`" + `.

A query becomes a plan as it is written; then these rules change the plan, one after another. They never change which rows a
query gives, save for a ` + "`LIMIT`" + ` without an order. [EXPLAIN](../guides/queries.md#does-it-read-more-than-it-needs) names those that changed something.

A rule is switched off with ` + "`-name`" + ` and on with ` + "`+name`" + ` under ` + "`options.optimizer.rules`" + ` of a query, or with
` + "`selvedge query --rule=-name`" + `; ` + "`-all`" + ` switches all off. That is for finding out what a rule is worth, and for getting
along with one that guesses wrong.

| rule, in the order in which they are applied | what it does |
|---|---|
`

// TestPlannerRulesAreCurrent compares the page about rules with the rules.
func TestPlannerRulesAreCurrent(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	want.WriteString(rulesHead)
	for _, r := range plan.Rules() {
		fmt.Fprintf(&want, "| `%s` | %s |\n", r.Name, strings.ReplaceAll(r.Doc, "|", `\|`))
	}
	if *update {
		if err := os.WriteFile(rulesPage, []byte(want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, rulesPage) != want.String() {
		t.Error("docs/reference/planner-rules.md is not current: go test ./docs -run PlannerRules -update")
	}
}
