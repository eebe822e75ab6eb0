// Says of custom resources what a Kubernetes API server would, by its own code.
//
// Standard input is {"definitions": [CustomResourceDefinition…], "objects": [object…]}; standard output a list of what is wrong for
// each object, in their order.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	definitions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	numbers "k8s.io/apimachinery/pkg/util/json"
	budget "k8s.io/apiserver/pkg/apis/cel"
	strict "sigs.k8s.io/json"
)

// operators has kinds by the types of the programs that read them, in place of definitions.
var operators = map[string]func() any{
	"monitoring.coreos.com/v1 PodMonitor":     func() any { return &monitoring.PodMonitor{} },
	"monitoring.coreos.com/v1 PrometheusRule": func() any { return &monitoring.PrometheusRule{} },
	"monitoring.coreos.com/v1 ServiceMonitor": func() any { return &monitoring.ServiceMonitor{} },
}

// kind is one of a definition's versions, ready to judge.
type kind struct {
	structure *schema.Structural
	schema    validation.SchemaValidator
	rules     *cel.Validator
}

func main() {
	var given struct {
		Definitions []definitions.CustomResourceDefinition
		Objects     []json.RawMessage
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		fail(err)
	}
	found := make([][]string, len(given.Objects))
	kinds := map[string]*kind{}
	for at, text := range given.Objects {
		// Whole numbers stay whole.
		var object map[string]any
		if err := numbers.Unmarshal(text, &object); err != nil {
			fail(err)
		}
		name := fmt.Sprint(object["apiVersion"], " ", object["kind"])
		if made := operators[name]; made != nil {
			found[at] = read(text, made())
			continue
		}
		if kinds[name] == nil {
			kinds[name] = load(given.Definitions, name)
		}
		found[at] = kinds[name].judge(object)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fail(err)
	}
}

// load prepares a kind, by the version and name that objects have.
func load(all []definitions.CustomResourceDefinition, name string) *kind {
	for _, definition := range all {
		for _, version := range definition.Spec.Versions {
			if definition.Spec.Group+"/"+version.Name+" "+definition.Spec.Names.Kind == name {
				made, err := prepare(version.Schema.OpenAPIV3Schema)
				if err != nil {
					fail(fmt.Errorf("%s: %w", name, err))
				}
				return made
			}
		}
	}
	fail(fmt.Errorf("no definition of %s", name))
	return nil
}

func prepare(given *definitions.JSONSchemaProps) (*kind, error) {
	var internal apiextensions.JSONSchemaProps
	if err := definitions.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(given, &internal, nil); err != nil {
		return nil, err
	}
	structure, err := schema.NewStructural(&internal)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(&internal)
	if err != nil {
		return nil, err
	}
	return &kind{structure, validator, cel.NewValidator(structure, true, budget.PerCallLimit)}, nil
}

// read is what a type does not take: fields that it does not know, and values of other kinds.
func read(text []byte, into any) []string {
	said := []string{}
	faults, err := strict.UnmarshalStrict(text, into)
	if err != nil {
		faults = append(faults, err)
	}
	for _, fault := range faults {
		said = append(said, fault.Error())
	}
	return said
}

// judge goes the way of a strict creation: unknown fields, defaults, schema, and then the rules.
func (k *kind) judge(object map[string]any) []string {
	said := []string{}
	fault, unknown := objectmeta.CoerceWithOptions(nil, object, k.structure, true, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if fault != nil {
		return []string{fault.Error()}
	}
	unknown = append(unknown, pruning.PruneWithOptions(object, k.structure, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
	for _, path := range unknown {
		said = append(said, fmt.Sprintf("unknown field %q", path))
	}
	defaulting.Default(object, k.structure)
	ctx := context.Background()
	faults := validation.ValidateCustomResource(nil, object, k.schema)
	faults = append(faults, objectmeta.Validate(ctx, nil, object, k.structure, false)...)
	faults = append(faults, listtype.ValidateListSetsAndMaps(nil, k.structure, object)...)
	if len(faults) == 0 {
		faults, _ = k.rules.Validate(ctx, nil, k.structure, object, nil, budget.RuntimeCELCostBudget)
	}
	for _, fault := range faults {
		said = append(said, fault.Error())
	}
	return said
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "error:", err)
	os.Exit(1)
}
