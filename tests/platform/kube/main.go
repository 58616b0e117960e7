// The parts of Kubernetes that run.sh needs, as one program that goes by the name it is called by: three programs would be
// linked from nearly the same packages.
package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

var commands = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kubectl":                 kubectl.NewDefaultKubectlCommand,
}

func main() {
	command, known := commands[filepath.Base(os.Args[0])]
	if !known {
		os.Stderr.WriteString("call it kube-apiserver, kube-controller-manager or kubectl\n")
		os.Exit(2)
	}
	os.Exit(cli.Run(command()))
}
